// Compiles Ink with inkjs from stdin, plays every path from its start to its end, and tells what it read as JSON.
import {readFileSync} from 'node:fs';
import {Compiler, CompilerOptions, Story} from 'inkjs/full';

const complaints = [];
const options = new CompilerOptions(null, [], false, (message) => complaints.push(message));
const compiled = new Compiler(readFileSync(0, 'utf8'), options).Compile().ToJson();
const paths = [];
const left = [[]];
while (left.length) {
    const chosen = left.pop();
    const story = new Story(compiled);
    story.onError = (message) => complaints.push(message);
    const told = [];
    const labels = [];
    const tell = () => { while (story.canContinue) told.push(story.Continue().replace(/\n$/, '')); };
    tell();
    for (const index of chosen) {
        labels.push(story.currentChoices[index].text);
        story.ChooseChoiceIndex(index);
        tell();
    }
    if (story.currentChoices.length) left.push(...story.currentChoices.map((_, index) => [...chosen, index]));
    else paths.push({told, labels});
}
console.log(JSON.stringify({complaints, tags: new Story(compiled).globalTags, paths}));
