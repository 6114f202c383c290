// All that needs no settings of its own: on one server of each target.
import './administration.js';
import './authentication.js';
import './batches.js';
import './connecting.js';
import './envelope.js';
import './errors.js';
import './frames.js';
import './http.js';
import './ids-and-topics.js';
import './lines.js';
import './publishing.js';
