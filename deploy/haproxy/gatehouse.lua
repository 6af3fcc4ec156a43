-- Printed by `gatehouse emit haproxy-lua`: asks the gateway whether a request may pass.
-- http-request lua.gatehouse_check URL SCHEME

-- What the gateway has to see of the browser's request.
local asked = {
    "cookie", "accept", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site", "sec-purpose", "purpose",
    "x-requested-with", "x-request-id", "authorization", "origin", "sec-websocket-key",
}
local always = {
    cookie = true, authorization = true, origin = true, ["x-request-id"] = true, ["sec-websocket-key"] = true,
}
-- What the application gets from the gateway: set, or absent. Cookie: the browser's without the gateway's own.
local answered = {
    "cookie", "x-forwarded-user", "x-forwarded-email", "x-forwarded-preferred-username", "x-forwarded-name",
    "x-forwarded-groups",
}

core.register_action("gatehouse_check", { "http-req" }, function(txn, url, scheme)
    -- Whatever breaks below, nobody passes.
    txn:set_var("txn.gatehouse_status", 503)
    local request = txn.http:req_get_headers()
    local headers = {
        ["x-original-method"] = { txn.f:method() },
        ["x-original-uri"] = { txn.f:pathq() },
        ["x-forwarded-proto"] = { scheme },
        ["x-forwarded-host"] = { request["host"][0] },
        ["x-forwarded-for"] = { txn.f:src() },
    }
    for _, name in ipairs(asked) do
        -- What is to become a tunnel is no navigation.
        if (always[name] or request["upgrade"] == nil) and request[name] then
            local values = {}
            local index = 0
            while request[name][index] do
                values[index + 1] = request[name][index]
                index = index + 1
            end
            headers[name] = values
        end
    end
    -- Over HTTP/2 a WebSocket is asked for without a key (RFC 8441); it is one all the same.
    if request["upgrade"] and not headers["sec-websocket-key"] then
        headers["sec-websocket-key"] = { "none" }
    end
    local response = core.httpclient():get({ url = url, headers = headers, timeout = 10000 })
    if not response or not response.headers then
        return
    end
    if response.status == 401 then
        local location = response.headers["location"]
        if location then
            txn:set_var("txn.gatehouse_location", location[0])
        end
        -- A route that takes tokens says so, too.
        local challenge = response.headers["www-authenticate"]
        if challenge then
            local more = challenge[1] and ", " .. challenge[1] or ""
            txn:set_var("txn.gatehouse_challenge", challenge[0] .. more)
        end
        local sign_in = response.headers["x-auth-request-redirect"]
        if sign_in then
            txn:set_var("txn.gatehouse_sign_in", sign_in[0])
        end
    end
    if response.status == 200 then
        for _, name in ipairs(answered) do
            txn.http:req_del_header(name)
            if response.headers[name] then
                txn.http:req_set_header(name, response.headers[name][0])
            end
        end
    end
    txn:set_var("txn.gatehouse_status", response.status)
end, 2)
