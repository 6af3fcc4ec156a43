/// Routes are passed around by every request, on every worker. Counting the references to one and the same object makes
/// the processor's cores wait for each other, so each worker has copies of its own.
extension Route {
    /// Each of these routes by the identity of the one it is a copy of.
    package static func copies(of routes: [Route]) -> [ObjectIdentifier: Route] {
        Dictionary(uniqueKeysWithValues: routes.map { (ObjectIdentifier($0), Route(copying: $0)) })
    }
}

extension RouteTable {
    /// The same table with these copies in the places of its routes.
    package func with(_ copies: [ObjectIdentifier: Route]) -> RouteTable {
        RouteTable(hosts: self.hosts.mapValues { $0.with(copies) })
    }
}
