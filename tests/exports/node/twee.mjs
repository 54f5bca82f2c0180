// Reads Twee 3 with extwee from stdin, compiles it, and tells what it found as JSON.
import {readFileSync} from 'node:fs';
import {StoryFormat, compileTwine2HTML, parseTwee} from 'extwee';

const story = parseTwee(readFileSync(0, 'utf8'));
const page = compileTwine2HTML(story, new StoryFormat('Harlowe', '3.3.9', '', '', '', '', '', true, '{{STORY_DATA}}'));
console.log(JSON.stringify({
    name: story.name, ifid: story.IFID, format: story.format, start: story.start, page,
    passages: story.passages.map(({name, text, metadata}) => ({name, text, metadata})),
}));
