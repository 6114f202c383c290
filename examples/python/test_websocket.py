import pytest
import websocket
import json
import time
import jwt

def get_auth_token(user_id):
    """Generate a test JWT token."""
    payload = {
        'sub': user_id,
        'exp': int(time.time()) + 3600
    }
    return jwt.encode(payload, 'test-secret', algorithm='HS256')

def test_websocket_connection():
    """Test WebSocket connection with authentication."""
    token = get_auth_token('test-user')
    ws = websocket.create_connection(
        f"ws://localhost:3001?token={token}"
    )
    
    # Send a test message
    ws.send(json.dumps({
        'action': 'ping',
        'data': {},
        'requestId': 'test-123'
    }))
    
    # Wait for response
    response = json.loads(ws.recv())
    assert response['type'] == 'pong'
    assert response['requestId'] == 'test-123'
    
    # Clean up
    ws.close()
