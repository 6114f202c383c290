"""Publishes on Redis as the guide for backends has it: python3 publish_message.py CHANNEL TYPE HOW_MANY"""
import redis
import json
import os
import sys
import time

# Initialize Redis client
redis_client = redis.Redis(
    host=os.environ['REDIS_HOST'],
    port=int(os.environ['REDIS_PORT']),
    password=os.environ['REDIS_PASSWORD'],
    ssl=True if os.environ['REDIS_SSL'].lower() == 'true' else False
)

def publish_message(channel, message_type, data):
    """Publish a message to a Redis channel."""
    message = {
        'type': message_type,
        'data': data,
        'timestamp': int(time.time())
    }
    
    try:
        redis_client.publish(channel, json.dumps(message))
        return True
    except Exception as e:
        print(f"Error publishing message: {str(e)}")
        return False

for n in range(int(sys.argv[3])):
    assert publish_message(sys.argv[1], sys.argv[2], {'n': n, 'title': 'Caf\u00e9'})
