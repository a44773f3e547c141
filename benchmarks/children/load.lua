-- What wrk sends and what it tells: METHOD, then the bodies that are sent in turn, if any, behind the two hyphens.

function init(arguments)
   wrk.method = arguments[1]
   local bodies = { unpack(arguments, 2) }
   if #bodies == 0 then
      return
   end
   local requests, number = {}, 0
   for _, body in ipairs(bodies) do
      requests[#requests + 1] = wrk.format(nil, nil, nil, body)
   end
   request = function()
      number = number % #requests + 1
      return requests[number]
   end
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\n{"rate": %f, "p50": %f, "p99": %f, "p99.9": %f, "max": %f, "bytes": %f, "errors": %d}\n',
      summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      latency:percentile(99.9) / 1e3, latency.max / 1e3, summary.bytes / summary.requests,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout
   ))
end
