-- Requests for wrk: each with the next value of a file, in one header.
--
--     wrk -s load.lua URL -- HEADER FILE [METHOD]
--
-- The values are split among the threads. At the end it prints one line of JSON.

local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
    for _, each in ipairs(threads) do
        each:set("all", #threads)
    end
end

function init(args)
    local values = {}
    for line in io.lines(args[2]) do
        table.insert(values, line)
    end
    wrk.method = args[3] or "GET"
    wrk.body = wrk.method == "POST" and "hello" or nil
    if #values == 1 then
        wrk.headers[args[1]] = values[1]
        return
    end
    local requests = {}
    for at = 1 + number, #values, all do
        wrk.headers[args[1]] = values[at]
        table.insert(requests, wrk.format())
    end
    local at = 0
    request = function()
        at = at % #requests + 1
        return requests[at]
    end
end

function done(summary, latency)
    local errors = summary.errors
    local lost = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format(
        '{"requests": %d, "seconds": %f, "p99": %f, "rejected": %d, "lost": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e6, errors.status, lost
    ))
end
