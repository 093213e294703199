// Steps and results of a test, for the engineer at the page. Names as in docs/protocol.md, "Tests".

const QUESTIONS = {
  reach: (cord) => `Does the cord ${cord} reach the floor, or nearly?`,
  free: (cord) => `Does the cord ${cord} hang free of furniture?`,
  untied: (cord) => `Is the cord ${cord} neither tied up nor cut?`,
  bangles: (cord) => `Are the bangles of the cord ${cord} there?`,
};

const STEPS = {
  "ask:light": "Did the red light flash after the pulls?",
  "ask:sounder": "Were tones and voice well heard?",
  tone: "The unit listens to its own tone: keep quiet",
  mains_off: "Switch the mains off",
  load: "The battery is under load: wait about a minute",
  mains_on: "Switch the mains on again",
  clock: "The unit looks at its clock",
  storage: "The unit looks at its storage",
};

export const RESULTS = { pass: "passed", fail: "FAILED", skip: "left out", open: "not done" };
export const ANSWERS = { pass: "yes", fail: "NO", skip: "left out", open: "not asked" };

export const REFUSALS = {
  busy: "a call or speech is on", running: "a test runs already", no_test: "this test is over", no_step: "this step is done, or not one to be answered",
  memory: "the unit has no memory for the test now; ask for a report, try again later", field: "the unit does not understand it",
};

export const DUE = { never: "never passed a test", overdue: "overdue", soon: "due soon", good: "not yet due" };

export const DOUBTS = {
  form: "cannot be read", unit: "names another unit", test: "names another test", verdict: "better than its results", clock: "clock was wrong",
  gap: "one before it is missing", fork: "does not follow the newest", twice: "there is another of this test",
};

export const isQuestion = (step) => step.startsWith("ask:");

/** What is to be done, in words. `room(input)`: where it is, or "". */
export function stepWords(step, room) {
  if (STEPS[step]) return STEPS[step];
  const parts = step.split(":");
  const place = (input) => (room(input) ? `${input} (${room(input)})` : input);
  if (parts[0] === "pull" && parts[1]) return `Pull or press ${place(parts[1])}, and let go`;
  if (parts[0] === "path" && parts[1]) return `The unit proves its path ${parts[1]}: wait`;
  if (parts[0] === "ask" && QUESTIONS[parts[2]]) return QUESTIONS[parts[2]](place(parts[1]));
  return step;
}

/** What a result is about, for who only hears it. */
export const doneWords = (step) => (step.startsWith("pull:") ? `${step.slice(5)}, pulled and released:` : `${stepWords(step, () => "")}:`);

export const resultWords = ([step, result, detail]) => `${(isQuestion(step) ? ANSWERS : RESULTS)[result] || result}${detail ? `: ${detail}` : ""}`;
