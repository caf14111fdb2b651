/** The binaries in base64; the build writes the module. */
export const BINARIES: Readonly<Record<'baseline' | 'relaxed' | 'team', string>>;
