private import COpenSSL

/// OpenSSL's contexts of one thread, made at its first use and freed at its end. Making them for each call costs more
/// time than the digest of a session id; sharing them among threads would cost a lock.
final class ThreadContexts {
    let digest = DigestContext()
    let cipher = CipherContext()

    /// The contexts of this thread. Whoever uses them is done before anybody else's code runs on it.
    static var current: ThreadContexts {
        var slot = slot
        if let known = unsafe CRYPTO_THREAD_get_local(&slot) {
            return unsafe Unmanaged<ThreadContexts>.fromOpaque(known).takeUnretainedValue()
        }
        let made = ThreadContexts()
        let isStored = unsafe CRYPTO_THREAD_set_local(&slot, Unmanaged.passRetained(made).toOpaque())
        precondition(isStored == 1, "no thread-local storage")
        return made
    }

    private static let slot: UInt32 = {
        var slot: UInt32 = 0
        let isMade = unsafe CRYPTO_THREAD_init_local(&slot) { contexts in
            guard let contexts = unsafe contexts else { return }
            unsafe Unmanaged<ThreadContexts>.fromOpaque(contexts).release()
        }
        precondition(isMade == 1, "no thread-local storage")
        return slot
    }()
}

@available(*, unavailable)
extension ThreadContexts: Sendable {}
