#!/usr/bin/python3
"""Subscribes to electronics with at least 20 percent off, publishes three deals, and receives the two that match.

Needs Debian's python3-websocket and python3-jwt.
"""
import json
import os
import time
import urllib.request

import jwt
import websocket

URL = os.environ.get('AIDEALS_EXAMPLE_URL', f"http://127.0.0.1:{os.environ.get('PORT', '3001')}")
SECRET = os.environ.get('JWT_SECRET', 'test-secret')


def get_auth_token(user_id, scope=None):
    payload = {'sub': user_id, 'exp': int(time.time()) + 3600}
    if scope:
        payload['scope'] = scope
    return jwt.encode(payload, SECRET, algorithm='HS256')


def publish(events):
    """One call for a list of events; the server answers with a receipt for each."""
    request = urllib.request.Request(
        f'{URL}/v1/broadcast',
        data=json.dumps(events).encode('utf-8'),
        headers={
            'Authorization': f"Bearer {get_auth_token('crawler', 'publish')}",
            'Content-Type': 'application/json',
        },
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def main():
    ws = websocket.create_connection(f"ws{URL[4:]}/?token={get_auth_token('alice')}", timeout=10)
    ws.send(json.dumps({
        'action': 'subscribeToDeals',
        'data': {'topic': 'new-deals', 'filters': {'category': 'electronics', 'minDiscount': 20}},
        'requestId': 'sub-456',
    }))
    confirmed = json.loads(ws.recv())
    assert confirmed['type'] == 'subscriptionConfirmed', confirmed
    assert confirmed['requestId'] == 'sub-456', confirmed

    receipts = publish([
        {'topic': 'new-deals', 'data': {'dealId': 'd-1', 'title': 'Headphones', 'category': 'electronics',
                                        'discountPercentage': 35}},
        {'topic': 'new-deals', 'data': {'dealId': 'd-2', 'title': 'Charger', 'category': 'electronics',
                                        'discountPercentage': 10}},
        # What a deal does not say of itself, its publisher may: filters are laid over the data for matching.
        {'topic': 'new-deals', 'data': {'dealId': 'd-3', 'title': 'Speaker', 'category': 'electronics'},
         'filters': {'discount': 20}},
    ])
    assert [receipt['total'] for receipt in receipts] == [1, 0, 1], receipts

    for expected in ('d-1', 'd-3'):
        deal = json.loads(ws.recv())
        assert deal['type'] == 'dealUpdate' and deal['data']['dealId'] == expected, deal
        print(f"{deal['id']}  {deal['data']['title']}")
    ws.close()


if __name__ == '__main__':
    main()
