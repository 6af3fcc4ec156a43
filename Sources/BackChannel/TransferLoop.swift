private import Glibc
private import Synchronization

/// The thread that runs transfers: orders come in by an inbox, from any thread, and are answered by continuation.
final class TransferLoop: Sendable {
    typealias Continuation = CheckedContinuation<Result<BackChannelResponse, BackChannelError>, Never>

    /// A request that waits for its answer.
    struct Order: Sendable {
        let number: UInt
        let request: BackChannelRequest
        let deadline: ContinuousClock.Instant
        let continuation: Continuation
    }

    private struct Inbox: Sendable {
        var orders: [Order] = []
        var cancelled: [UInt] = []
        var closedBy: BackChannelError?
        /// There while the multi handle lives; nobody rings after that.
        var bell: TransferBell?
    }

    private let configuration: BackChannelConfiguration
    private let inbox = Mutex(Inbox())
    private let lastNumber = Atomic<UInt>(0)
    private let thread = Mutex<pthread_t?>(nil)

    init(_ configuration: BackChannelConfiguration) {
        self.configuration = configuration
    }

    // MARK: From any thread

    func start() throws(BackChannelError) {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self)
        let code = unsafe pthread_create(
            &thread,
            nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard code == 0 else {
            unsafe context.release()
            throw .other(code: code, "pthread_create failed")
        }
        self.thread.withLock { $0 = thread }
    }

    /// A number no other request has: what `cancel` names it by.
    func makeNumber() -> UInt {
        self.lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
    }

    func submit(_ request: BackChannelRequest, number: UInt, _ continuation: Continuation) {
        let deadline = ContinuousClock.now.advanced(by: request.timeout ?? self.configuration.timeout)
        let order = Order(number: number, request: request, deadline: deadline, continuation: continuation)
        let closedBy: BackChannelError? = self.inbox.withLock { inbox in
            if let error = inbox.closedBy { return error }
            inbox.orders.append(order)
            inbox.bell?.ring()
            return nil
        }
        if let closedBy { continuation.resume(returning: .failure(closedBy)) }
    }

    /// Does nothing when the request has its answer already.
    func cancel(_ number: UInt) {
        self.inbox.withLock { inbox in
            guard inbox.closedBy == nil else { return }
            inbox.cancelled.append(number)
            inbox.bell?.ring()
        }
    }

    func shutDown() {
        self.inbox.withLock { inbox in
            inbox.closedBy = inbox.closedBy ?? .shutDown
            inbox.bell?.ring()
        }
        let thread = self.thread.withLock { thread in
            let taken = thread
            thread = nil
            return taken
        }
        // Waiting matters at exit: OpenSSL takes itself down then, and the thread must not be in it any more.
        if let thread { pthread_join(thread, nil) }
    }

    // MARK: On the thread

    private func run() {
        Self.blockSignals()
        guard let transfers = Transfers(self.configuration) else {
            self.close(.other(code: 0, "libcurl gave no handle"))
            return
        }
        let bell = transfers.bell
        self.inbox.withLock { $0.bell = bell }
        var waiting: [Order] = []
        while self.collect(into: &waiting, transfers) {
            Self.dropLate(&waiting)
            // Who waits needs no timer: those before it mostly have the same timeout and end earlier.
            while !waiting.isEmpty, transfers.hasRoom { transfers.start(waiting.removeFirst()) }
            transfers.perform()
            // A transfer that has just ended makes room: then there is more to start before we sleep.
            if waiting.isEmpty || !transfers.hasRoom { transfers.poll() }
        }
        self.close(.shutDown)
        transfers.failAll(.shutDown)
        for order in waiting { order.continuation.resume(returning: .failure(.shutDown)) }
    }

    private static func dropLate(_ waiting: inout [Order]) {
        let now = ContinuousClock.now
        for order in waiting where order.deadline <= now {
            order.continuation.resume(returning: .failure(.timeoutUnsent))
        }
        waiting.removeAll { $0.deadline <= now }
    }

    /// Empties the inbox.
    ///
    /// - Returns: false when the loop is to end.
    private func collect(into waiting: inout [Order], _ transfers: Transfers) -> Bool {
        let (orders, cancelled, isOpen) = self.inbox.withLock { inbox in
            defer {
                inbox.orders.removeAll()
                inbox.cancelled.removeAll()
            }
            return (inbox.orders, inbox.cancelled, inbox.closedBy == nil)
        }
        waiting.append(contentsOf: orders)
        for number in cancelled {
            if let index = waiting.firstIndex(where: { $0.number == number }) {
                waiting.remove(at: index).continuation.resume(returning: .failure(.cancelled))
            } else {
                transfers.cancel(number)
            }
        }
        return isOpen
    }

    /// Takes the bell away and nothing more in; what came in meanwhile fails.
    private func close(_ error: BackChannelError) {
        let orders = self.inbox.withLock { inbox in
            inbox.closedBy = inbox.closedBy ?? error
            inbox.bell = nil
            defer { inbox.orders.removeAll() }
            return inbox.orders
        }
        for order in orders { order.continuation.resume(returning: .failure(error)) }
    }

    /// No handler is to run here, and to OpenSSL a broken pipe is to be an error, not the end of the process.
    private static func blockSignals() {
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
    }
}
