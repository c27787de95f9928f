-- What wrk sends, from the files that load.ts wrote, and what it found, as one line of JSON.
-- Paths are taken in turn; requests are written once, so that the generator costs as little as it can.
local paths, headers, body, method = {}, {}, nil, "GET"
local requests, turn = {}, 0

local function lines(name)
  local found = {}
  local file = io.open(name, "r")
  if file then
    for line in file:lines() do found[#found + 1] = line end
    file:close()
  end
  return found
end

function init(args)
  local folder = args[1]
  method = lines(folder .. "/method")[1]
  for _, line in ipairs(lines(folder .. "/headers")) do
    local name, value = line:match("^([^:]+): (.*)$")
    headers[name] = value
  end
  local file = io.open(folder .. "/body", "r")
  if file then
    body = file:read("*a")
    file:close()
  end
  for _, path in ipairs(lines(folder .. "/paths")) do
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'FOUND {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"p999":%d,"max":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    latency.max, e.status, e.connect + e.read + e.write + e.timeout))
end
