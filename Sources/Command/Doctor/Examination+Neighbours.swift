import Access
import Gateway
import NIOCore

/// Ways around the front and around the gateway, as far as they can be seen from where the doctor stands.
extension Examination {
    /// An application that answers us answers everybody who stands where we stand, and believes what it is told.
    mutating func examineUpstreams() async {
        for (index, upstream) in self.configuration.upstreams.enumerated() where !self.isWitness(upstream) {
            let route = self.configuration.routes.firstIndex { $0.hasUpstream && $0.upstream == index } ?? 0
            let setting = self.places.place(ofRoute: route, "upstream")
            for address in upstream.addresses { await self.examine(address, setting) }
        }
    }

    private mutating func examine(_ upstream: UpstreamAddress, _ setting: String) async {
        if let path = upstream.socketPath {
            self.report.isGood("the upstream at \(path) is a socket of the gateway's machine")
        } else if !upstream.host.isLoopbackHost, !self.isBesideGateway {
            await self.askAround(host: upstream.host, port: upstream.port, setting)
        } else if !self.front.isLoopback, self.front.port != upstream.port {
            // "Listens on loopback" is often "listens everywhere": the front's address with the upstream's port.
            await self.askAround(host: self.front.host, port: upstream.port, setting)
        } else {
            self.report.cannotSee(
                "whether others reach \(upstream.host) port \(upstream.port): ask from another machine than the gateway's"
            )
        }
    }

    private mutating func askAround(host: String, port: Int, _ setting: String) async {
        let marker = Self.marker()
        let request = self.request("/", fields: [("X-Forwarded-User", marker), ("Remote-User", marker)])
        let outcome = await self.ask(request.bytes, host: host, port: port)
        switch outcome {
        case .unreachable(let reason): self.report.isGood("\(host) port \(port) is not reached from here (\(reason))")
        case .timeout: self.report.isGood("\(host) port \(port) is not reached from here (nothing in time)")
        case .closed:
            self.report.add(
                Finding(
                    .note,
                    "Something accepts connections at an upstream's port, and closes them",
                    seen: "\(host) port \(port), from where the doctor stands",
                    change: setting
                )
            )
        case .answer(let answer) where answer.isGatehouses:
            self.report.isGood("\(host) port \(port) is the gateway itself")
        case .answer(let answer):
            let believes = answer.shows(marker) ? ", and it took the doctor for the user that was forged" : ""
            let isRefusal = [401, 403].contains(answer.status)
            self.report.add(
                Finding(
                    isRefusal ? .warning : .critical,
                    "The application answers around the gateway",
                    seen:
                        "GET / at \(host) port \(port), asked from where the doctor stands, gave \(answer.status)\(believes)",
                    change:
                        "let the application listen on loopback or on a network of the gateway's own, or close the port "
                        + "with a firewall or NetworkPolicy; \(setting). If the doctor stands on the gateway's own machine, "
                        + "say --beside-gateway"
                )
            )
        }
    }

    /// The gateway's own ports, which nobody but the front and the operator needs.
    mutating func examineListeners() async {
        guard !self.front.isLoopback else {
            return self.report.cannotSee("which ports others reach: the address is on the doctor's own machine")
        }
        let admin = self.configuration.admin.listen
        if admin.port != 0, admin.port != self.front.port {
            let outcome = await self.ask(self.request("/metrics").bytes, host: self.front.host, port: admin.port)
            if let answer = outcome.answer, answer.shows("gatehouse_") {
                self.report.add(
                    Finding(
                        .warning,
                        "The admin listener is open to others",
                        seen: "GET /metrics at \(self.front.host) port \(admin.port) gave \(answer.status)",
                        change: self.places.place("admin", "listen")
                            + ": an address that only the operator's network reaches"
                    )
                )
            }
        }
        let listeners = self.configuration.server.listeners.filter { $0.speech == .http }
        for listen in listeners.compactMap(\.address) where listen.port != 0 && listen.port != self.front.port {
            await self.examineListener(listen.port, asking: self.configuration.paths.session, "server", "listen")
        }
        if let listen = self.configuration.check.listen, listen.unixPath == nil, listen.port != 0 {
            let target = "\(self.configuration.paths.prefix)/check"
            await self.examineListener(listen.port, asking: target, "check", "listen")
        }
    }

    private mutating func examineListener(
        _ port: Int,
        asking target: String,
        _ section: String,
        _ key: String
    ) async {
        let outcome = await self.ask(self.request(target).bytes, host: self.front.host, port: port)
        guard let answer = outcome.answer, answer.isGatehouses else { return }
        self.report.add(
            Finding(
                .warning,
                "The gateway is reached around the front",
                seen: "GET \(target) at \(self.front.host) port \(port) gave \(answer.status), without the front's TLS",
                change: self.places.place(section, key) + ": an address that only the front reaches"
            )
        )
    }

    func isWitness(_ upstream: Upstream) -> Bool {
        guard let witness else { return false }
        return self.configuration.routes.contains { route in
            route.hasUpstream && route.path.isExactly(witness.path)
                && self.configuration.upstreams[route.upstream] == upstream
        }
    }
}
