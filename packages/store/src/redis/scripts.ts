/**
 * What runs inside Redis, in one step each. All keys share the hash tag `{log}`. Numbers go as text: Lua's own would lose
 * digits. `KEYS`: 1 events (a stream, ids `<offset>-0`), 2 meta, 3 segments, 4 last offset by channel, 5 the key of this
 * append, or of the node that takes. `ARGV[1]` is the name for a segment, should one begin, `ARGV[2]` the version of the
 * segments that the caller knows: answers bring the version, and the segments where it is another one.
 */

/** A segment begins where the server is another one than the last time, or has forgotten everything. */
const PRELUDE = `
local events, meta, segments, last, once = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local function text(n) return string.format('%.0f', n) end
local held = redis.call('HMGET', meta, 'run', 'top', 'version')
local top, version = tonumber(held[2] or '0'), held[3]
local function begin()
  local first = redis.call('XRANGE', events, '-', '+', 'COUNT', 1)[1]
  if first then return tonumber(string.match(first[1], '^%d+')) end
  return top + 1
end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if held[1] ~= run then
  local first = text(top + 1)
  local count = redis.call('LLEN', segments)
  if count > 1 and string.match(redis.call('LINDEX', segments, -1), ' (%d+)$') == first then
    redis.call('RPOP', segments)
  end
  redis.call('RPUSH', segments, ARGV[1] .. ' ' .. first)
  while redis.call('LLEN', segments) > 1000
    and tonumber(string.match(redis.call('LINDEX', segments, 1), ' (%d+)$')) < begin() do
    redis.call('LPOP', segments)
  end
  version = text(tonumber(string.match(version or '0', '^%d+')) + 1) .. ':' .. ARGV[1]
  redis.call('HSET', meta, 'run', run, 'version', version)
end
local name = string.match(version, '%w+$')
local function list()
  if version == ARGV[2] then return {} end
  return redis.call('LRANGE', segments, 0, -1)
end
`;

/**
 * Adds events, each {topic, time, body, channels}, and announces them; answers how many each reached. The top moves first: it
 * never falls behind the events, whatever is refused then.
 */
const ADD = `
local function add(chosen)
  local offset, previous, reached = top, {}, {}
  top = top + #chosen
  if #chosen > 0 then redis.call('HSET', meta, 'top', text(top)) end
  for i, event in ipairs(chosen) do
    offset = offset + 1
    local place = text(offset)
    redis.call('XADD', events, place .. '-0', 't', event[1], 'a', event[2], 'b', event[3])
    redis.call('ZADD', TOPIC .. event[1], place, place)
    local count = 0
    for channel in string.gmatch(event[4], '[^\\n]+') do
      local before = previous[channel] or redis.call('HGET', last, channel) or '0'
      previous[channel] = place
      count = count + redis.call(PUBLISH, channel, place .. ' ' .. before .. ' ' .. name .. '-' .. place .. '\\n' .. event[3])
    end
    reached[i] = text(count)
  end
  for channel, place in pairs(previous) do redis.call('HSET', last, channel, place) end
  return reached
end
`;

/**
 * ARGV: 3 key of topics, 4 PUBLISH or SPUBLISH, 5 digest or '', 6 now in ms, 7 ms for which the key is kept, then for each
 * event topic, at, body, channels (parted by a line feed).
 * Answers {version, segments, 'new'|'again'|'conflict', first offset, count, {reached of each…}}.
 */
const APPEND = `
local TOPIC, PUBLISH, digest, now, keep = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
${ADD}
if digest ~= '' then
  local used = redis.call('HMGET', once, 'digest', 'first', 'count', 'until')
  if used[1] and tonumber(used[4]) > now then
    if used[1] ~= digest then return {version, list(), 'conflict'} end
    return {version, list(), 'again', used[2], used[3], {}}
  end
end
local first, chosen = text(top + 1), {}
for i = 8, #ARGV, 4 do chosen[#chosen + 1] = {ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]} end
local reached = add(chosen)
if digest ~= '' then
  redis.call('HSET', once, 'digest', digest, 'first', first, 'count', text(#chosen), 'until', text(now + keep))
  redis.call('PEXPIRE', once, text(keep))
end
return {version, list(), 'new', first, text(#chosen), reached}
`;

/**
 * Takes messages that every node hears: each as often as one node has counted it more than it was taken. ARGV: 3 key of
 * topics, 4 PUBLISH or SPUBLISH, 5 prefix of the keys of messages, 6 the node, 7 the number of this call of the node, 8 ms
 * after which a message that nobody counts is forgotten, then for each message digest, the time of Redis until which it may
 * be counted in ms, topic, at, body, channels. A call that comes again, because its answer was lost, does nothing.
 * Answers {version, segments, time of Redis in ms, taken, late}.
 */
const TAKE = `
local TOPIC, PUBLISH, MESSAGE, node, number, forget = ARGV[3], ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8]
${ADD}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local chosen, late = {}, 0
if number > tonumber(redis.call('GET', once) or '0') then
  redis.call('SET', once, number, 'EX', 3600)
  for i = 9, #ARGV, 6 do
    if now > tonumber(ARGV[i + 1]) then late = late + 1
    else
      local message = MESSAGE .. ARGV[i]
      local heard = redis.call('HINCRBY', message, 'n:' .. node, 1)
      redis.call('PEXPIRE', message, forget)
      if heard > tonumber(redis.call('HGET', message, 'taken') or '0') then
        redis.call('HSET', message, 'taken', heard)
        chosen[#chosen + 1] = {ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]}
      end
    end
  end
  add(chosen)
end
return {version, list(), text(now), text(#chosen), text(late)}
`;

/** ARGV: 3… channels. Answers {version, segments, begin, top, {last of each…}}. */
const STATE = `
local lasts = {}
for i = 3, #ARGV do lasts[#lasts + 1] = redis.call('HGET', last, ARGV[i]) or '0' end
return {version, list(), text(begin()), text(top), lasts}
`;

/** ARGV: 3 key of the topic or '', 4 after, 5 until or '', 6 limit. Answers {version, segments, begin, top, {offset, body, …}}. */
const READ = `
local after, limit = tonumber(ARGV[4]), tonumber(ARGV[6])
local till, found = top, {}
if ARGV[5] ~= '' and tonumber(ARGV[5]) < till then till = tonumber(ARGV[5]) end
local function take(entry)
  found[#found + 1] = string.match(entry[1], '^%d+')
  found[#found + 1] = entry[2][6]
end
if till <= after then
elseif ARGV[3] == '' then
  for _, entry in ipairs(redis.call('XRANGE', events, text(after + 1) .. '-0', text(till) .. '-0', 'COUNT', limit)) do take(entry) end
else
  for _, offset in ipairs(redis.call('ZRANGEBYSCORE', ARGV[3], '(' .. text(after), text(till), 'LIMIT', 0, limit)) do
    local entry = redis.call('XRANGE', events, offset .. '-0', offset .. '-0')[1]
    if entry then take(entry) end
  end
end
return {version, list(), text(begin()), text(top), found}
`;

/**
 * ARGV: 3 key of topics, 4 before in ms, 5 how many to keep, 6 how many to remove at most. Answers {version, segments, 1 where
 * more are left, how many were removed}.
 */
const TRIM = `
local before, keep, limit = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local size = redis.call('XLEN', events)
local removed = 0
for _, entry in ipairs(redis.call('XRANGE', events, '-', '+', 'COUNT', limit + 1)) do
  if size - removed <= keep and tonumber(entry[2][4]) >= before then break end
  if removed >= limit then return {version, list(), 1, removed} end
  local up = string.match(entry[1], '^%d+')
  redis.call('XDEL', events, entry[1])
  redis.call('ZREMRANGEBYSCORE', ARGV[3] .. entry[2][2], '-inf', up)
  removed = removed + 1
end
return {version, list(), 0, removed}
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
