-- Apache's access check in mod_lua: asks `keyctl serve` whether a request has a key for the scope of its
-- path. Debian's package lua-socket has the module "socket".

local socket = require "socket"

local HOST, PORT = "127.0.0.1", 9091
-- For a unix socket: "/run/keyctl/keyctl.sock"
local SOCKET = nil
-- In seconds, for the connection and for the answer.
local CONNECT, ANSWER = 1, 5

-- The scope for each path; all other paths need the default.
local SCOPES = {
    ["/v1/chat/completions"] = "inference",
    ["/v1/models"] = "inference",
}
local DEFAULT = "project"

local IDENTITY = {
    "X-Key-Id", "X-Key-Owner", "X-Key-Name", "X-Key-Kind", "X-Key-Scopes",
    "X-Key-Scope-Count", "X-Key-Expires", "X-Key-State", "X-Key-Replaced-By",
}

-- All spellings of a header's name: many applications take `_` and `.` for `-`.
local function spellings(name)
    local first, rest = name:match("^(.-)%-(.*)$")
    if not first then
        return { name }
    end
    local all = {}
    for _, ending in ipairs(spellings(rest)) do
        for _, mark in ipairs({ "-", "_", "." }) do
            all[#all + 1] = first .. mark .. ending
        end
    end
    return all
end

local FORGED = {}
for _, name in ipairs(IDENTITY) do
    for _, spelling in ipairs(spellings(name)) do
        FORGED[#FORGED + 1] = spelling
    end
end

-- Drops the identity that the client sent, and its names in Connection: mod_proxy drops the headers that
-- are listed there.
local function drop_forged(r)
    for _, name in ipairs(FORGED) do
        r.headers_in[name] = nil
    end
    local connection = r.headers_in["Connection"]
    if connection then
        r.headers_in["Connection"] = connection:gsub("[Xx]%-[Kk][Ee][Yy]%-[%a-]*", "")
    end
end

-- A connection to the server, or nothing and the reason.
local function connect()
    local connection = SOCKET and require("socket.unix")() or socket.tcp()
    connection:settimeout(CONNECT)
    local done, why
    if SOCKET then
        done, why = connection:connect(SOCKET)
    else
        done, why = connection:connect(HOST, PORT)
    end
    return done and connection, why
end

-- The lines of the answer's head, or nothing and the reason.
local function head(connection)
    local lines = {}
    repeat
        local line, why = connection:receive("*l")
        if not line then
            return nil, why
        end
        lines[#lines + 1] = line
    until line == ""
    return lines
end

-- The status and the headers of the answer, or nothing and the reason.
local function answer_to(request)
    local connection, why = connect()
    if not connection then
        return nil, why
    end
    connection:settimeout(ANSWER)
    connection:send(request)
    local lines
    lines, why = head(connection)
    connection:close()
    if not lines then
        return nil, why
    end
    local headers = {}
    for _, line in ipairs(lines) do
        local name, value = line:match("^([%w-]+):%s*(.-)%s*$")
        if name then
            headers[name:lower()] = value
        end
    end
    return tonumber(lines[1]:match("^HTTP/1%.1 (%d%d%d)")) or 503, headers
end

-- The question about a request.
local function question(r)
    local lines = {
        "GET /verify?scope=" .. (SCOPES[r.uri] or DEFAULT) .. " HTTP/1.1",
        "Host: keyctl",
        "Connection: close",
        "X-Real-IP: " .. r.useragent_ip,
    }
    for _, name in ipairs({ "X-Api-Key", "Authorization" }) do
        if r.headers_in[name] then
            lines[#lines + 1] = name .. ": " .. r.headers_in[name]
        end
    end
    return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- A browser's preflight has no key.
local function is_preflight(r)
    return r.method == "OPTIONS"
        and r.headers_in["Origin"]
        and r.headers_in["Access-Control-Request-Method"]
end

-- Lets a request in: `Require env` wants the variable, and nothing else sets it.
local function let_in(r)
    r.headers_in["X-Api-Key"] = nil
    r.headers_in["Authorization"] = nil
    r.subprocess_env["KEYCTL_LET_IN"] = "yes"
    return apache2.OK
end

function check(r)
    drop_forged(r)
    if is_preflight(r) then
        return let_in(r)
    end
    local status, headers = answer_to(question(r))
    if status == 200 then
        for _, name in ipairs(IDENTITY) do
            if (headers[name:lower()] or "") ~= "" then
                r.headers_in[name] = headers[name:lower()]
            end
        end
        return let_in(r)
    end
    r.err_headers_out["Cache-Control"] = "no-store"
    if status == 401 or status == 403 then
        r.err_headers_out["WWW-Authenticate"] = headers["www-authenticate"]
        r.err_headers_out["X-Key-Reason"] = headers["x-key-reason"]
        return status
    end
    r:err("no verdict from keyctl serve: " .. (status or headers))
    r.err_headers_out["Retry-After"] = "1"
    return 503
end
