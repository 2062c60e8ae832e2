import type { Finding } from "../app/diagnose.ts";
import type { AddCommands } from "./program.ts";

export const addDoctorCommand: AddCommands = (program, context) => {
  const doctor = program
    .command("doctor")
    .description(
      "checks Node, folder, disk, lock, ports, every checksum of the log, every object and table, and whether all events are accounted for; changes nothing",
    )
    .option(
      "--repair",
      "first makes damaged logs and objects whole: damaged files are set aside, and the offsets given up are named; not beside a running up",
    );
  doctor.action(async (options: { readonly repair?: true }) => {
    const on = context(doctor);
    const [{ diagnose }, project] = await Promise.all([import("../app/diagnose.ts"), on.project()]);
    const found: Finding[] = [];
    try {
      if (options.repair === true) {
        const [{ describeRepair, repair }, { systemClock }] = await Promise.all([
          import("../app/repair.ts"),
          import("../clock.ts"),
        ]);
        const { config } = project;
        const repairs = repair({ config, data: on.data, clock: systemClock, signal: on.effects.signal });
        for await (const repaired of repairs)
          found.push({ check: "repair", ok: true, detail: describeRepair(repaired), repaired });
      }
      for await (const finding of diagnose(project, on.data, on.effects.signal)) found.push(finding);
    } finally {
      on.print(found, () => found.map(line).join(""));
    }
    const wrong = found.filter(({ ok }) => !ok);
    if (wrong.length === 0) return;
    const { PinlakeError } = await import("../errors.ts");
    const reason = wrong.map(({ check, detail }) => `${check}: ${detail}`).join("; ");
    throw new PinlakeError("FOLDER_UNUSABLE", { folder: on.data, reason });
  });
};

const line = ({ check, ok, detail }: Finding): string => `${ok ? "✓" : "✗"} ${check.padEnd(13)} ${detail}\n`;
