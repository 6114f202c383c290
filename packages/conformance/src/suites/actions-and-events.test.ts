// All that needs no settings of its own: on one server of each target.
import './actions.js';
import './chance.js';
import './chat.js';
import './examples.js';
import './filters.js';
import './log.js';
import './mailbox.js';
import './matching.js';
import './order.js';
import './own-filters.js';
import './replay.js';
import './subscriptions.js';
