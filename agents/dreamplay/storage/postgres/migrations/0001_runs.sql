CREATE TABLE dreamplay.runs (
    run integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL
        CHECK (length(name) BETWEEN 1 AND 255 AND name !~ '[/\\[:cntrl:]]' AND name NOT IN ('.', '..')),
    binned boolean NOT NULL DEFAULT false,
    begun timestamptz NOT NULL DEFAULT now(),
    player text NOT NULL DEFAULT '',
    UNIQUE (name, binned)
);
COMMENT ON TABLE dreamplay.runs IS 'Each run once. Whoever plays it holds an advisory lock on its number.';
COMMENT ON COLUMN dreamplay.runs.player IS 'Who held the lock last.';

CREATE TABLE dreamplay.events (
    run integer NOT NULL REFERENCES dreamplay.runs ON DELETE CASCADE,
    seq integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    line text NOT NULL,
    PRIMARY KEY (run, seq)
);
COMMENT ON TABLE dreamplay.events IS 'The lines of transcript.jsonl, byte for byte. Line 0 is the header.';
COMMENT ON COLUMN dreamplay.events.at IS 'When the line was written.';

CREATE INDEX events_undone ON dreamplay.events (run, seq) WHERE line LIKE '{"record":"rollback"%';

CREATE TABLE dreamplay.prompts (
    hash bytea PRIMARY KEY,
    line text NOT NULL
);
COMMENT ON TABLE dreamplay.prompts IS 'The lines of all prompts.jsonl, by their SHA-256. What several runs share is here once.';

CREATE TABLE dreamplay.prompt_uses (
    run integer NOT NULL REFERENCES dreamplay.runs ON DELETE CASCADE,
    seq integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    hash bytea NOT NULL REFERENCES dreamplay.prompts,
    PRIMARY KEY (run, seq)
);
COMMENT ON TABLE dreamplay.prompt_uses IS 'Which lines prompts.jsonl of a run has, in order.';

CREATE TABLE dreamplay.documents (
    run integer NOT NULL REFERENCES dreamplay.runs ON DELETE CASCADE,
    file text NOT NULL,
    seq integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    content bytea NOT NULL,
    PRIMARY KEY (run, file, seq)
);
COMMENT ON TABLE dreamplay.documents IS 'The other files of a run: JSON lines in one part for each line, others in one part.';

CREATE TABLE dreamplay.kept (
    binned boolean NOT NULL,
    file text NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (binned, file)
);
COMMENT ON TABLE dreamplay.kept IS 'What lists keep of all runs, so that no transcript is read twice. It can be emptied at any time.';

CREATE FUNCTION dreamplay.only_appended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a line of a transcript is never changed';
END $$;

CREATE TRIGGER only_appended BEFORE UPDATE ON dreamplay.events
    FOR EACH STATEMENT EXECUTE FUNCTION dreamplay.only_appended();

-- A line may hold what jsonb cannot take, such as \u0000. It is then null, and so are the columns that come from it.
CREATE FUNCTION dreamplay.as_jsonb(line text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN line::jsonb;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;

CREATE VIEW dreamplay.script AS
SELECT runs.name AS run, events.seq, events.at,
       (data->>'id')::integer AS id,
       data->>'kind' AS kind, data->>'beat' AS beat, data->>'scene' AS scene,
       (data->>'turn')::integer AS turn, data->>'speaker' AS speaker, data->>'text' AS text, data
FROM dreamplay.events
JOIN dreamplay.runs USING (run)
CROSS JOIN LATERAL (SELECT dreamplay.as_jsonb(events.line) AS data OFFSET 0) AS read
WHERE NOT binned
  AND events.line NOT LIKE '{"record":%'
  AND NOT EXISTS (
      SELECT FROM dreamplay.events AS undo
      WHERE undo.run = events.run AND undo.seq > events.seq AND undo.line LIKE '{"record":"rollback"%'
        AND (dreamplay.as_jsonb(undo.line)->>'event')::integer <= (data->>'id')::integer
  );
COMMENT ON VIEW dreamplay.script IS 'The events of all runs that are not in the bin, without those that a visitor took back.';

CREATE VIEW dreamplay.plays AS
SELECT runs.name AS run, head->>'story_id' AS story, head->>'model' AS model, (head->>'seed')::integer AS seed,
       head->>'parent' AS parent, (head->>'point')::integer AS point, head->'changes' AS changes,
       runs.begun, last.at AS written, last.line LIKE '{"record":"end"%' AS finished,
       (SELECT jsonb_object_agg(role, persona->>'name')
        FROM jsonb_each(head->'cast') AS casting (role, persona)) AS played_by
FROM dreamplay.runs
JOIN dreamplay.events AS header ON header.run = runs.run AND header.seq = 0
CROSS JOIN LATERAL (SELECT dreamplay.as_jsonb(header.line) AS head OFFSET 0) AS read
CROSS JOIN LATERAL (
    SELECT at, line FROM dreamplay.events WHERE events.run = runs.run ORDER BY seq DESC LIMIT 1
) AS last
WHERE NOT binned;
COMMENT ON VIEW dreamplay.plays IS 'The runs that are not in the bin, as their headers tell of them.';
