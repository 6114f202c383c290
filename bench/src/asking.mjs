/** Speaks with a load generator: one question, one answer. It answers `{failed}` where something was not as it should be. */
export function asking(child) {
  let waiting;
  child.onExit((error) => waiting?.reject(error));
  child.onMessage((message) => {
    if (message.failed) waiting?.reject(new Error(message.failed));
    else if (message.opened ?? message.done) waiting?.resolve(message);
  });
  return (message) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      child.send(message);
    });
}
