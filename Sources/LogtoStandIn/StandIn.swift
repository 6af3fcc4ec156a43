import Cryptography
import JSON
import NIOCore
import NIOPosix

/// An OpenID provider that a relying party cannot tell from Logto 1.42, for the demo and the tests, together with its
/// control port. All of it runs on one event loop of its own.
package final class StandIn: Sendable {
    /// How to start one.
    package struct Options: Sendable {
        /// Where both ports listen.
        package var address = "127.0.0.1"
        /// 0 takes a free one.
        package var port = 0
        /// 0 takes a free one.
        package var controlPort = 0
        /// Logto's issuer ends in `/oidc`. From the port when nil.
        package var issuer: String?
        /// The user who is signed in without a page, by any name.
        package var automaticUser: String?
        /// What the first application has registered.
        package var redirectURIs: [String] = []
        /// Where its users may be sent after they have signed out.
        package var postLogoutRedirectURIs: [String] = []

        /// Free ports on loopback, and the page for everyone.
        package init() {}
    }

    /// The application that is registered from the start.
    package static let clientID = "gatehousedemoapp00001"
    /// Its secret.
    package static let clientSecret = "demoSecretDemoSecretDemoSecret32"

    /// What tokens say in `iss`.
    package let issuer: String
    private let group: MultiThreadedEventLoopGroup
    private let provider: HTTPServer
    private let control: HTTPServer

    /// The port of the OP.
    package var port: Int { provider.port }
    /// The port of the tests.
    package var controlPort: Int { control.port }

    private init(issuer: String, group: MultiThreadedEventLoopGroup, provider: HTTPServer, control: HTTPServer) {
        self.issuer = issuer
        self.group = group
        self.provider = provider
        self.control = control
    }

    /// Binds both ports and serves.
    /// - Parameter now: Unix seconds; the control port can move the clock from there.
    /// - Throws: what binding or making keys throws.
    package static func start(_ options: Options, now: @escaping @Sendable () -> Int64) async throws -> StandIn {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            return try await start(options, Clock(source: now), group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Waits until it no longer serves.
    package func waitUntilClosed() async throws {
        try await provider.waitUntilClosed()
    }

    /// Stops serving and closes every connection.
    package func shutDown() async throws {
        try await group.shutdownGracefully()
    }

    private static func start(
        _ options: Options,
        _ clock: Clock,
        _ group: MultiThreadedEventLoopGroup
    ) async throws -> StandIn {
        let loop = group.next()
        // The issuer may hold the port, which is known only after binding: the state comes to the loop later.
        let held = try await loop.submit { NIOLoopBound(StateOwner(), eventLoop: loop) }.get()
        let provider = try await HTTPServer.start(
            address: options.address,
            port: options.port,
            on: loop,
            maximumBody: 1 << 20,
            receipt: { held.value.delivered($0, $1) }
        ) { held.value.deliver($0) }
        let control = try await HTTPServer.start(
            address: options.address,
            port: options.controlPort,
            on: loop,
            maximumBody: 8 << 20,
            receipt: { held.value.delivered($0, $1) }
        ) { held.value.control($0) }
        let issuer = options.issuer ?? "http://\(options.address):\(provider.port)/oidc"
        let state = try StandInState(options, issuer: issuer, clock: clock)
        try await loop.submit { held.value.state = state }.get()
        return StandIn(issuer: issuer, group: group, provider: provider, control: control)
    }
}

/// Owns the state on the event loop.
private final class StateOwner {
    var state: StandInState?

    func deliver(_ request: Request) -> Delivery {
        state?.deliver(request) ?? Delivery(Response(status: 503))
    }

    func control(_ request: Request) -> Delivery {
        state?.control(request) ?? Delivery(Response(status: 503))
    }

    func delivered(_ parcel: Parcel, _ outcome: String) {
        let members = parcel.details + [JSONMember(name: "outcome", value: .string(outcome))]
        state?.record(parcel.event, .object(members))
    }
}

extension StandInState {
    fileprivate mutating func deliver(_ request: Request) -> Delivery {
        var delivery = ProviderPort.deliver(request, &self)
        delivery.parcels = takeParcels()
        return delivery
    }

    fileprivate mutating func control(_ request: Request) -> Delivery {
        var delivery = Delivery(ControlPort.answer(request, &self))
        delivery.parcels = takeParcels()
        return delivery
    }
}
