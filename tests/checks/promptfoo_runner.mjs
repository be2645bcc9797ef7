// Has promptfoo judge the cases of a JSON file: node promptfoo_runner.mjs MODULE CASES VERDICTS
import fs from "node:fs";
const [module, input, output] = process.argv.slice(2);
const promptfoo = (await import(module)).default;
const cases = JSON.parse(fs.readFileSync(input, "utf8"));
const groups = new Map();
cases.forEach((test, n) => {
  const key = JSON.stringify(test.tools ?? null);
  groups.set(key, [...(groups.get(key) ?? []), n]);
});
const verdicts = [];
for (const [tools, numbers] of groups) {
  const provider = {
    id: () => "answers",
    config: JSON.parse(tools) === null ? {} : { tools: JSON.parse(tools) },
    callApi: async (prompt, context) => {
      const test = cases[context.vars.n];
      const calls = test.tool_calls?.map((one, i) => ({ id: `call_${i}`, type: "function", function: one }));
      const answer = { output: calls ?? test.output };
      if (test.finish_reason) answer.finishReason = test.finish_reason;
      if (test.latency_ms !== undefined) answer.latencyMs = test.latency_ms;
      if (test.cost !== undefined) answer.cost = test.cost;
      return answer;
    },
  };
  const tests = numbers.map((n) => {
    const test = { vars: { ...cases[n].vars, n }, assert: cases[n].checks, options: { disableVarExpansion: true } };
    if (cases[n].threshold !== undefined) test.threshold = cases[n].threshold;
    return test;
  });
  const summary = await promptfoo.evaluate(
    { prompts: ["{{n}}"], providers: [provider], tests, writeLatestResults: false },
    { cache: false, maxConcurrency: 4, showProgressBar: false },
  );
  for (const result of (await summary.toEvaluateSummary()).results) {
    const n = result.testCase.vars.n;
    const told = result.failureReason === 2 ? "error" : result.success ? "pass" : "fail";
    verdicts[n] = { verdict: told, score: told === "error" ? null : result.score };
  }
}
fs.writeFileSync(output, JSON.stringify(verdicts));
process.exit(0);
