import { describeFaults } from './faults.ts';
import { SERVERS } from './support.ts';

describeFaults(SERVERS[0]);
