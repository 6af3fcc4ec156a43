-- For wrk: each request carries the next cookie of a file, one in each line.
-- Threads begin at different places, so that together they go through all of them.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  cookies = {}
  for line in io.lines(arguments[1]) do
    cookies[#cookies + 1] = line
  end
  place = math.floor(#cookies / 2) * number
end

function request()
  place = place % #cookies + 1
  wrk.headers["Cookie"] = cookies[place]
  return wrk.format()
end
