export const hostOpTablePath: string;
export function readOpTable(): object;
export function hostOpTable(table: object): string;
