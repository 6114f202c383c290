import type { Findings } from '../findings.js';
import { checkLog } from './check-log.js';
import { checkMail } from './check-mail.js';
import { checkReaders } from './check-reader.js';
import type { History } from './history.js';
import { Logs } from './logs.js';

/** Holds a history against what was promised. It knows nothing of how the deployment works, or of what was done to it. */
export const checkHistory = (history: History, findings: Findings): void => {
  const logs = new Logs(history);
  const report = (fault: string, detail: string): void => findings.broken(fault, detail);
  checkLog(history, logs, report);
  checkReaders(history, logs, report);
  checkMail(history, report);
};
