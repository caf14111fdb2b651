/** Teams of runtimes that have no threads, where none is asked for: `chooseThreads` asks the platform. It imports nothing. */
export const startTeam = (): Promise<never> => Promise.reject(new Error('this runtime has no threads'));
