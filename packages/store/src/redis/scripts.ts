/**
 * What runs inside Redis, in one step each. All keys share the hash tag `{log}`. Numbers go as text: Lua's own would lose
 * digits. `KEYS`: 1 events (a stream, ids `<offset>-0`), 2 meta, 3 segments, 4 last offset by channel, 5 the key of this
 * append or of this message. `ARGV[1]` is the name for a segment, should one begin.
 */

/** A segment begins where the server is another one than the last time, or has forgotten everything. */
const PRELUDE = `
local events, meta, segments, last, once = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local function text(n) return string.format('%.0f', n) end
local function top() return tonumber(redis.call('HGET', meta, 'top') or '0') end
local function begin()
  local first = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
  if first then return tonumber(string.match(first[1], '^%d+')) end
  return top() + 1
end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('HGET', meta, 'run') ~= run then
  local first = text(top() + 1)
  local count = redis.call('LLEN', segments)
  if count > 1 and string.match(redis.call('LINDEX', segments, -1), ' (%d+)$') == first then
    redis.call('RPOP', segments)
  end
  redis.call('RPUSH', segments, ARGV[1] .. ' ' .. first)
  while redis.call('LLEN', segments) > 1000
    and tonumber(string.match(redis.call('LINDEX', segments, 1), ' (%d+)$')) < begin() do
    redis.call('LPOP', segments)
  end
  redis.call('HSET', meta, 'run', run)
  redis.call('HINCRBY', meta, 'segments', 1)
end
local name = string.match(redis.call('LINDEX', segments, -1), '^%w+')
local version = redis.call('HGET', meta, 'segments') .. ':' .. name
`;

/** Adds one event of topic, time, body and channels, and announces it. */
const ADD = `
local function add(topic, at, body, channels)
  local offset = text(redis.call('HINCRBY', meta, 'top', 1))
  redis.call('XADD', events, offset .. '-0', 't', topic, 'a', at, 'b', body)
  redis.call('ZADD', TOPIC .. topic, offset, offset)
  local reached = 0
  for _, channel in ipairs(channels) do
    local previous = redis.call('HGET', last, channel) or '0'
    redis.call('HSET', last, channel, offset)
    local announced = offset .. ' ' .. previous .. ' ' .. name .. '-' .. offset .. '\\n' .. body
    reached = reached + redis.call(PUBLISH, channel, announced)
  end
  return offset, reached
end
`;

/**
 * ARGV: 2 key of topics, 3 PUBLISH or SPUBLISH, 4 digest or '', 5 now in ms, 6 ms for which the key is kept, then for each event topic, at, body, channels (parted by a line feed).
 * Answers {'new'|'again'|'conflict', first offset, count, version, reached of each…}.
 */
const APPEND = `
local TOPIC, PUBLISH, digest, now, keep = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
${ADD}
if digest ~= '' then
  local used = redis.call('HMGET', once, 'digest', 'first', 'count', 'until')
  if used[1] and tonumber(used[4]) > now then
    if used[1] ~= digest then return {'conflict'} end
    return {'again', used[2], used[3], version}
  end
end
local answer = {'new', text(top() + 1), text((#ARGV - 6) / 4), version}
for i = 7, #ARGV, 4 do
  local channels = {}
  for channel in string.gmatch(ARGV[i + 3], '[^\\n]+') do channels[#channels + 1] = channel end
  local _, reached = add(ARGV[i], ARGV[i + 1], ARGV[i + 2], channels)
  answer[#answer + 1] = text(reached)
end
if digest ~= '' then
  redis.call('HSET', once, 'digest', digest, 'first', answer[2], 'count', answer[3], 'until', text(now + keep))
  redis.call('PEXPIRE', once, text(keep))
end
return answer
`;

/**
 * Takes a message that every node hears: as often as one node has counted it more than it was taken. ARGV: 2 and 3 as above,
 * 4 the node, 5 ms after which a message that nobody counts is forgotten, then the event. Answers whether it was added.
 */
const TAKE = `
local TOPIC, PUBLISH, node, forget = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
${ADD}
local heard = redis.call('HINCRBY', once, 'n:' .. node, 1)
redis.call('PEXPIRE', once, forget)
if heard <= tonumber(redis.call('HGET', once, 'taken') or '0') then return 0 end
redis.call('HSET', once, 'taken', heard)
local channels = {}
for channel in string.gmatch(ARGV[9], '[^\\n]+') do channels[#channels + 1] = channel end
add(ARGV[6], ARGV[7], ARGV[8], channels)
return 1
`;

/** ARGV: 2… channels. Answers {begin, top, version, last of each…}. */
const STATE = `
local answer = {text(begin()), text(top()), version}
for i = 2, #ARGV do answer[#answer + 1] = redis.call('HGET', last, ARGV[i]) or '0' end
return answer
`;

/** ARGV: 2 key of the topic or '', 3 after, 4 until or '', 5 limit. Answers {begin, top, version, offset, body, …}. */
const READ = `
local after, limit = tonumber(ARGV[3]), tonumber(ARGV[5])
local highest = top()
local till = highest
if ARGV[4] ~= '' and tonumber(ARGV[4]) < till then till = tonumber(ARGV[4]) end
local answer = {text(begin()), text(highest), version}
if till <= after then return answer end
local function take(entry)
  answer[#answer + 1] = string.match(entry[1], '^%d+')
  answer[#answer + 1] = entry[2][6]
end
if ARGV[2] == '' then
  for _, entry in ipairs(redis.call('XRANGE', events, text(after + 1) .. '-0', text(till) .. '-0', 'COUNT', limit)) do take(entry) end
else
  for _, offset in ipairs(redis.call('ZRANGEBYSCORE', ARGV[2], '(' .. text(after), text(till), 'LIMIT', 0, limit)) do
    local entry = redis.call('XRANGE', events, offset .. '-0', offset .. '-0')[1]
    if entry then take(entry) end
  end
end
return answer
`;

/** ARGV: 2 key of topics, 3 before in ms, 4 how many to keep, 5 how many to remove at most. Answers 1 where more are left. */
const TRIM = `
local before, keep, limit = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local size = redis.call('XLEN', events)
local removed = 0
for _, entry in ipairs(redis.call('XRANGE', events, '-', '+', 'COUNT', limit + 1)) do
  if size - removed <= keep and tonumber(entry[2][4]) >= before then break end
  if removed >= limit then return {1, removed} end
  local up = string.match(entry[1], '^%d+')
  redis.call('XDEL', events, entry[1])
  redis.call('ZREMRANGEBYSCORE', ARGV[2] .. entry[2][2], '-inf', up)
  removed = removed + 1
end
return {0, removed}
`;

export const scripts = {
  append: PRELUDE + APPEND,
  take: PRELUDE + TAKE,
  state: PRELUDE + STATE,
  read: PRELUDE + READ,
  trim: PRELUDE + TRIM,
} as const;

export type ScriptName = keyof typeof scripts;

/**
 * One bucket, as `takeFrom` of the core fills and empties it, by the clock of Redis where no time is given. KEYS: 1 the
 * bucket. ARGV: 1 cost, 2 tokens a minute, 3 burst, 4 ms since the epoch or ''. Answers {1 or 0, seconds to wait}.
 */
export const limitScript = `
local cost, rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(ARGV[4])
if now == nil then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local full = burst * 60000
local held = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = full
if held[1] then level = math.min(full, tonumber(held[1]) + math.max(0, now - tonumber(held[2])) * rate) end
local needed = math.min(cost, burst) * 60000
local ok, wait = 1, 0
if level >= needed then level = level - cost * 60000
else
  ok = 0
  wait = math.min(86400, math.ceil((needed - level) / (rate * 1000)))
end
redis.call('HSET', KEYS[1], 'level', string.format('%.0f', level), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((full - level) / rate) + 1000))
return {ok, wait}
`;
