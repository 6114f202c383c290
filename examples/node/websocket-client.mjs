// The browser client of the WebSocket API guide, letter by letter.
// biome-ignore-all format: kept as it stands in the guide
class WebSocketClient {
  constructor(url, token) {
    this.url = `${url}?token=${token}`;
    this.callbacks = {};
    this.socket = null;
    this.reconnectAttempts = 0;
    this.maxReconnectAttempts = 5;
    this.reconnectInterval = 1000;
  }

  connect() {
    this.socket = new WebSocket(this.url);
    
    this.socket.onopen = (event) => {
      console.log('WebSocket connection established');
      this.reconnectAttempts = 0;
      if (this.callbacks.onConnect) {
        this.callbacks.onConnect(event);
      }
    };
    
    this.socket.onclose = (event) => {
      console.log('WebSocket connection closed');
      if (this.callbacks.onDisconnect) {
        this.callbacks.onDisconnect(event);
      }
      
      // Attempt to reconnect
      if (this.reconnectAttempts < this.maxReconnectAttempts) {
        setTimeout(() => {
          this.reconnectAttempts++;
          this.connect();
        }, this.reconnectInterval * this.reconnectAttempts);
      }
    };
    
    this.socket.onerror = (error) => {
      console.error('WebSocket error:', error);
      if (this.callbacks.onError) {
        this.callbacks.onError(error);
      }
    };
    
    this.socket.onmessage = (event) => {
      try {
        const message = JSON.parse(event.data);
        if (this.callbacks.onMessage) {
          this.callbacks.onMessage(message);
        }
        
        // Route to specific message handler if available
        if (message.type && this.callbacks[`on${message.type}`]) {
          this.callbacks[`on${message.type}`](message);
        }
      } catch (error) {
        console.error('Error parsing message:', error);
      }
    };
  }
  
  send(action, data) {
    if (this.socket && this.socket.readyState === WebSocket.OPEN) {
      const message = {
        action,
        data
      };
      this.socket.send(JSON.stringify(message));
      return true;
    }
    return false;
  }
  
  subscribe(topic) {
    return this.send('subscribeToDeals', { topic });
  }
  
  disconnect() {
    if (this.socket) {
      this.socket.close();
      this.socket = null;
    }
  }
  
  on(event, callback) {
    this.callbacks[event] = callback;
  }
}

export { WebSocketClient };
