/** What is stored under that name: a record keyed by names of others may be asked for `constructor`, too. */
export const ownValue = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;
