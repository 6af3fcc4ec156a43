/// Metrics as Prometheus reads them (text format 0.0.4). Labels are route names and codes of ours, never a stranger's text.
extension MetricsSnapshot {
    package func prometheusText(routes: [String]) -> String {
        var text = ""
        text.metric("gatehouse_exchanges_total", "counter", "Exchanges by route and status.")
        for (key, count) in self.exchanges.sorted(by: { $0.key < $1.key }) {
            let route = key >> 16
            let name = routes.indices.contains(route) ? routes[route] : ""
            text += "gatehouse_exchanges_total{route=\"\(Self.escaped(name))\",status=\"\(key & 0xffff)\"} \(count)\n"
        }
        text.metric("gatehouse_decisions_total", "counter", "Decisions.")
        for decision in Metrics.Decision.allCases {
            text += "gatehouse_decisions_total{decision=\"\(decision.rawValue)\"} \(self.decisions[decision] ?? 0)\n"
        }
        text.metric("gatehouse_sign_ins_total", "counter", "Sign-ins by outcome.")
        for outcome in Metrics.SignInOutcome.allCases {
            text += "gatehouse_sign_ins_total{outcome=\"\(outcome.rawValue)\"} \(self.signIns[outcome] ?? 0)\n"
        }
        text.metric("gatehouse_refreshes_total", "counter", "Refreshes of sessions' tokens by outcome.")
        for outcome in Metrics.RefreshOutcome.allCases {
            text += "gatehouse_refreshes_total{outcome=\"\(outcome.rawValue)\"} \(self.refreshes[outcome] ?? 0)\n"
        }
        text.metric("gatehouse_faults_total", "counter", "Exchanges that failed, by whose fault it was.")
        for source in [Fault.Source.downstream, .upstream, .provider, .store, .gateway] {
            text += "gatehouse_faults_total{source=\"\(source.rawValue)\"} \(self.faults[source] ?? 0)\n"
        }
        text.metric("gatehouse_refusals_total", "counter", "What was more than a limit allows, by limit.")
        for limit in Metrics.Limit.allCases {
            text += "gatehouse_refusals_total{limit=\"\(limit.rawValue)\"} \(self.refusals[limit] ?? 0)\n"
        }
        text.metric("gatehouse_upstream_resting_workers", "gauge", "Workers that send no requests to an address.")
        for (address, count) in self.restingUpstreams.sorted(by: { $0.key < $1.key }) {
            text += "gatehouse_upstream_resting_workers{upstream=\"\(Self.escaped(address))\"} \(count)\n"
        }
        text.metric("gatehouse_live_sessions", "gauge", "Sessions with a tunnel or a long response.")
        text += "gatehouse_live_sessions \(self.liveSessions)\n"
        text.histogram(
            "gatehouse_exchange_seconds",
            "From a request's head to its response's end.",
            self.exchangeLatency
        )
        text.histogram(
            "gatehouse_upstream_seconds",
            "From a permit to the beginning of the upstream's answer.",
            self.upstreamLatency
        )
        text.histogram("gatehouse_store_seconds", "Lookups in the session store.", self.storeLatency)
        text.histogram("gatehouse_provider_seconds", "Codes redeemed at the provider.", self.providerLatency)
        text.metric("gatehouse_upstream_connections", "gauge", "Open connections to upstreams.")
        text += "gatehouse_upstream_connections \(self.upstreamConnections)\n"
        text.metric("gatehouse_upstream_connections_made_total", "counter", "Connections made to upstreams.")
        text += "gatehouse_upstream_connections_made_total \(self.upstreamConnectionsMade)\n"
        text.metric("gatehouse_downstream_connections", "gauge", "Open connections of browsers.")
        text += "gatehouse_downstream_connections \(self.downstreamConnections)\n"
        text.metric("gatehouse_opened_sessions", "gauge", "Sessions kept opened by the workers.")
        text += "gatehouse_opened_sessions \(self.openedSessions)\n"
        text.metric("gatehouse_openings_total", "counter", "Session lookups by whether the record was opened before.")
        text += "gatehouse_openings_total{cached=\"true\"} \(self.openingsSaved)\n"
        text += "gatehouse_openings_total{cached=\"false\"} \(self.openings)\n"
        text.metric("gatehouse_session_cache_total", "counter", "Session lookups by what the cache knew.")
        text += "gatehouse_session_cache_total{result=\"hit\"} \(self.cacheHits)\n"
        text += "gatehouse_session_cache_total{result=\"absent\"} \(self.cacheAbsences)\n"
        text += "gatehouse_session_cache_total{result=\"miss\"} \(self.cacheMisses)\n"
        text.metric("gatehouse_session_cache_bytes", "gauge", "Bytes the caches hold.")
        text += "gatehouse_session_cache_bytes \(self.cacheBytes)\n"
        text.metric("gatehouse_session_caches_current", "gauge", "Workers whose cache answers for the store.")
        text += "gatehouse_session_caches_current \(self.currentCaches)\n"
        text.metric("gatehouse_tls_handshakes_failed_total", "counter", "TLS handshakes that came to nothing.")
        text += "gatehouse_tls_handshakes_failed_total \(self.handshakesFailed)\n"
        return text
    }

    private static func escaped(_ label: String) -> String {
        String(
            decoding: label.utf8.flatMap { byte -> [UInt8] in
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
                case UInt8(ascii: "\n"): Array("\\n".utf8)
                default: [byte]
                }
            },
            as: UTF8.self
        )
    }
}

extension String {
    fileprivate mutating func metric(_ name: String, _ type: String, _ help: String) {
        self += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    fileprivate mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        self.metric(name, "histogram", help)
        var sum = 0
        for (bound, count) in zip(Histogram.bounds, histogram.counts) {
            sum += count
            self += "\(name)_bucket{le=\"\(bound)\"} \(sum)\n"
        }
        sum += histogram.counts[Histogram.bounds.count]
        self += "\(name)_bucket{le=\"+Inf\"} \(sum)\n"
        self += "\(name)_sum \(Double(histogram.nanoseconds) / 1e9)\n\(name)_count \(sum)\n"
    }
}
