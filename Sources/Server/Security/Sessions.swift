import Crypto
import Synchronization

/// Who is signed in. Secrets are made anew at each start and live in memory only, so a restart signs everybody out.
///
/// A start link works once; using it makes the next one. A script uses the bearer token, which stays the same.
final class Sessions: Sendable {
    struct Account: Sendable, Equatable { var user: String }

    private struct State {
        var startToken: String
        /// Keyed by digest, so that looking one up tells nothing about the secrets by its time. In order of signing in.
        var accounts: [(digest: SHA256Digest, account: Account)] = []
    }

    private let state: Mutex<State>
    private let bearerDigest: SHA256Digest
    let bearerToken: String
    private let user: String
    /// More browsers than that sign the oldest out.
    private static let limit = 64

    init(user: String, bearerToken: String? = nil) {
        self.user = user
        self.bearerToken = bearerToken ?? Self.secret()
        bearerDigest = SHA256.hash(data: Array(self.bearerToken.utf8))
        state = Mutex(State(startToken: Self.secret()))
    }

    var startToken: String { state.withLock { $0.startToken } }

    /// Exchanges a start token for the secret of a cookie; nil when the token is not the present one.
    func redeem(_ token: String) -> String? {
        let offered = SHA256.hash(data: Array(token.utf8))
        return state.withLock { state in
            guard offered == SHA256.hash(data: Array(state.startToken.utf8)) else { return nil }
            state.startToken = Self.secret()
            let secret = Self.secret()
            state.accounts.append((SHA256.hash(data: Array(secret.utf8)), Account(user: user)))
            if state.accounts.count > Self.limit { state.accounts.removeFirst() }
            return secret
        }
    }

    func account(cookie secret: String) -> Account? {
        let digest = SHA256.hash(data: Array(secret.utf8))
        return state.withLock { $0.accounts.first { $0.digest == digest }?.account }
    }

    func account(bearer token: String) -> Account? {
        SHA256.hash(data: Array(token.utf8)) == bearerDigest ? Account(user: user) : nil
    }

    func end(cookie secret: String) {
        let digest = SHA256.hash(data: Array(secret.utf8))
        state.withLock { $0.accounts.removeAll { $0.digest == digest } }
    }

    /// 256 random bits, hexadecimal.
    static func secret() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { $0.map { String($0, radix: 16).leftPadded } }.joined()
    }
}

extension String {
    fileprivate var leftPadded: String { count == 1 ? "0" + self : self }
}
