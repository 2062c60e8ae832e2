// Adds up vitest's JSON reports and closes with one line: N passed, N failed. A step that broke without a failed test
// (a lint error, a file that did not load) counts as a failure, so that the line cannot look better than the run.
import { readFileSync } from "node:fs";

const [broken, ...reports] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
for (const path of reports) {
  try {
    const report = JSON.parse(readFileSync(path, "utf8"));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    skipped += report.numPendingTests + report.numTodoTests;
    for (const file of report.testResults) {
      const cases = file.assertionResults ?? [];
      if (file.status === "failed" && cases.every((one) => one.status !== "failed")) {
        failed++;
        console.log(`did not run: ${file.name}: ${file.message}`);
      }
      for (const one of cases)
        if (one.status === "skipped" || one.status === "pending") console.log(`skipped: ${one.fullName}`);
    }
  } catch (error) {
    failed++;
    console.log(`no report at ${path}: ${error.message}`);
  }
}
if (Number(broken) > 0 && failed === 0) failed = Number(broken);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
