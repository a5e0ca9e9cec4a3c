// Reads one text from standard input, parses it as issuers.yaml, and prints by how many bytes that made this process grow at
// its largest. A process of its own, as memory that was taken and given back cannot be seen from inside a test.
import { text } from 'node:stream/consumers';

import { parseConfig } from '../../src/config/parse-config.ts';

const input = await text(process.stdin);
// What is loaded and compiled once is not counted.
parseConfig('apiVersion: pgtoken/v1\nissuers: []\n');
const before = process.resourceUsage().maxRSS;
parseConfig(input);
process.stdout.write(String((process.resourceUsage().maxRSS - before) * 1024));
