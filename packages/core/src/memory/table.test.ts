import { tableContract } from '../contract/table.contract.js';
import { memoryTable } from './table.js';

tableContract('in memory', (clock) => ({ table: memoryTable(clock) }));
