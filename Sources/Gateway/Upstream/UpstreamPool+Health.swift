import NIOCore

/// Active checks: of each address, at each path that some route wants it to be asked at.
extension UpstreamPool {
    /// Asks those who are due whether they are well.
    func checkHealth(now: NIODeadline) {
        guard self.successor == nil else { return }
        for plan in self.plans {
            guard let path = plan.upstream.healthPath else { continue }
            for origin in plan.origins where origin.nextChecks[path].map({ $0 <= now }) ?? true {
                origin.nextChecks[path] = .distantFuture
                let check = HealthCheck(path: path, host: plan.upstream.hostHeader ?? origin.address.authority)
                check.run(on: self.eventLoop, origin, timeout: plan.timeouts.upstreamConnect) { passed in
                    // The configuration may have changed meanwhile, and nobody want to know.
                    guard origin.nextChecks[path] != nil else { return }
                    origin.nextChecks[path] = .now() + plan.upstream.healthInterval
                    origin.health.checked(path, passed: passed)
                }
            }
        }
    }

    /// Forgets what was found where this configuration has nobody asked.
    func forgetChecks() {
        for origin in self.origins {
            let asking = self.plans.filter { plan in plan.origins.contains { $0 === origin } }
            let paths = Set(asking.compactMap(\.upstream.healthPath))
            origin.nextChecks = origin.nextChecks.filter { paths.contains($0.key) }
            origin.health.forgetChecks(besides: paths)
        }
    }
}
