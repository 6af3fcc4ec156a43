import NIOCore
internal import NIOSSL
import NIOTLS

/// Waits for the end of a handshake with an upstream before anything is said, and looks at whom it was with: NIOSSL also
/// takes a certificate for the address that a name led to, and whoever can change what a name means can have one.
final class UpstreamHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    /// The certificate is for somebody else.
    struct WrongName: Error {}

    /// It does not speak what the route says.
    struct WrongProtocol: Error {}

    /// The name that the certificate must have; `nil`: NIOSSL has looked at all there is to look at.
    private let name: String?
    /// The protocol that must have been agreed on; `nil`: whatever was.
    private let agreed: String?
    private let patience: TimeAmount
    private var promise: EventLoopPromise<Void>?
    private var timeout: Scheduled<Void>?

    init(name: String?, agreesOn agreed: String?, patience: TimeAmount) {
        self.name = name
        self.agreed = agreed
        self.patience = patience
    }

    /// Succeeds when the upstream may be spoken to.
    var done: EventLoopFuture<Void>? { self.promise?.futureResult }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        self.promise = context.eventLoop.makePromise(of: Void.self)
        self.timeout = context.eventLoop.scheduleTask(in: self.patience) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timeout?.cancel()
        // Does nothing when there is a result.
        self.promise?.fail(ChannelError.ioOnClosedChannel)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard let event = event as? TLSUserEvent, case .handshakeCompleted(let found) = event else { return }
        if let agreed, !(found.map { $0.utf8.elementsEqual(agreed.utf8) } ?? false) {
            return self.errorCaught(context: context, error: WrongProtocol())
        }
        guard self.isRightName(context) else { return self.errorCaught(context: context, error: WrongName()) }
        self.promise?.succeed()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.promise?.fail(error)
        context.close(promise: nil)
    }

    private func isRightName(_ context: ChannelHandlerContext) -> Bool {
        guard let name else { return true }
        guard let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate() else { return false }
        return certificate._subjectAlternativeNames().contains { alternative in
            alternative.nameType == .dnsName && Self.matches(Array(alternative.contents), Array(name.utf8))
        }
    }

    /// A star stands for one whole label, the first (RFC 9525, 6.3).
    private static func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        func isSame(_ one: some Sequence<UInt8>, _ other: some Sequence<UInt8>) -> Bool {
            one.elementsEqual(other) { asciiLowercased($0) == asciiLowercased($1) }
        }
        guard pattern.starts(with: "*.".utf8) else { return isSame(pattern, name) }
        guard let dot = name.firstIndex(of: UInt8(ascii: ".")), dot > 0 else { return false }
        return isSame(pattern.dropFirst(), name[dot...])
    }
}

@available(*, unavailable)
extension UpstreamHandshake: Sendable {}
