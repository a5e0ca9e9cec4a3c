// Sessions of a real server end when what let them in does, whatever they are doing: on the PostgreSQL of this machine. The package's
// tests have it on others.
import { describeEnds } from './describe-ends.ts';

describeEnds();
