-- HAProxy's action `lua.keyctl`: asks `keyctl serve` whether a request has a key for the scope txn.scope.
--
-- It sets txn.keyctl_status to the status of the answer. If there is no answer, or this action fails,
-- that is not 200, and haproxy.cfg refuses the request.

local URL = "http://127.0.0.1:9091/verify?scope="
-- For a unix socket: "unix@/run/keyctl/keyctl.sock"
local SOCKET = nil
-- In milliseconds, for one attempt. HAProxy makes up to four.
local TIMEOUT = 1000

local IDENTITY = {
    "x-key-id", "x-key-owner", "x-key-name", "x-key-kind", "x-key-scopes",
    "x-key-scope-count", "x-key-expires", "x-key-state", "x-key-replaced-by",
}

-- The values of a header as a list from 1; HAProxy's own starts at 0.
local function values(headers, name)
    local list = {}
    for _, value in pairs(headers[name] or {}) do
        list[#list + 1] = value
    end
    return list
end

local function keyctl(txn)
    local request = txn.http:req_get_headers()
    local answer = core.httpclient():get({
        url = URL .. txn:get_var("txn.scope"),
        dst = SOCKET,
        timeout = TIMEOUT,
        headers = {
            ["x-api-key"] = values(request, "x-api-key"),
            ["authorization"] = values(request, "authorization"),
            ["x-real-ip"] = { txn.f:src() },
        },
    })
    local function header(name)
        return values(answer.headers, name)[1] or ""
    end
    if answer.status == 200 then
        for _, name in ipairs(IDENTITY) do
            if header(name) ~= "" then
                txn.http:req_set_header(name, header(name))
            end
        end
    end
    txn:set_var("txn.keyctl_id", header("x-key-id"))
    txn:set_var("txn.keyctl_reason", header("x-key-reason"))
    txn:set_var("txn.keyctl_challenge", header("www-authenticate"))
    txn:set_var("txn.keyctl_status", answer.status)
end

core.register_action("keyctl", { "http-req" }, keyctl)
