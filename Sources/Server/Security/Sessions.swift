import Crypto
import Foundation
import Synchronization

/// Who is signed in. Secrets are made anew at each start, so a restart signs everybody out. Only the watching parent keeps the key that
/// cookies are signed with, so that a crash does not.
///
/// A start link works once; using it makes the next one. A script uses the bearer token, which stays the same.
final class Sessions: Sendable {
    struct Account: Sendable, Equatable { var user: String }

    private struct State {
        var startToken: String
        /// Digests of cookies that were signed out.
        var ended: Set<[UInt8]> = []
    }

    private let state: Mutex<State>
    private let ends = Atomic(0)
    private let bearerDigest: SHA256Digest
    let bearerToken: String
    private let user: String
    private let key: SymmetricKey

    /// - Parameter cookieKey: what cookies are signed with; nil: a new one.
    init(user: String, bearerToken: String? = nil, cookieKey: String? = nil) {
        self.user = user
        key = SymmetricKey(data: Array((cookieKey ?? Self.secret()).utf8))
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
            let name = Self.secret()
            return name + Self.hexadecimal(HMAC<SHA256>.authenticationCode(for: Array(name.utf8), using: key))
        }
    }

    func account(cookie secret: String) -> Account? {
        // Name and signature, 64 hexadecimal digits each.
        let bytes = Array(secret.utf8)
        guard bytes.count == 128, let signature = Self.bytes(hexadecimal: bytes[64...]) else { return nil }
        guard HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: bytes[..<64], using: key) else { return nil }
        let digest = Array(SHA256.hash(data: bytes))
        return state.withLock { $0.ended.contains(digest) } ? nil : Account(user: user)
    }

    func account(bearer token: String) -> Account? {
        SHA256.hash(data: Array(token.utf8)) == bearerDigest ? Account(user: user) : nil
    }

    func end(cookie secret: String) {
        guard account(cookie: secret) != nil else { return }
        let digest = Array(SHA256.hash(data: Array(secret.utf8)))
        _ = state.withLock { $0.ended.insert(digest) }
        ends.add(1, ordering: .sequentiallyConsistent)
    }

    /// Changes when somebody is signed out: what was signed in before must be looked at again.
    var generation: Int { ends.load(ordering: .sequentiallyConsistent) }

    /// Who a request's Authorization or Cookie fields say is asking; nil for strangers.
    func account(authorization: String?, cookies: [String], cookieName: String) -> Account? {
        if let authorization { return Self.bearer(authorization).flatMap { account(bearer: $0) } }
        return Self.cookie(cookies, name: cookieName).flatMap { account(cookie: $0) }
    }

    /// Token of an Authorization field.
    static func bearer(_ field: String) -> String? {
        let parts = field.split(separator: " ", maxSplits: 1)
        return parts.count == 2 && parts[0].lowercased() == "bearer" ? String(parts[1]) : nil
    }

    /// Value of the cookie in Cookie fields.
    static func cookie(_ fields: [String], name: String) -> String? {
        for field in fields {
            for pair in field.split(separator: ";") {
                let halves = pair.split(separator: "=", maxSplits: 1)
                if halves.count == 2, halves[0].trimmingCharacters(in: .whitespaces) == name {
                    return halves[1].trimmingCharacters(in: .whitespaces)
                }
            }
        }
        return nil
    }

    /// 256 random bits, hexadecimal.
    static func secret() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { hexadecimal($0) }
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String { bytes.map { String($0, radix: 16).leftPadded }.joined() }

    private static func bytes(hexadecimal digits: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        for index in stride(from: digits.startIndex, to: digits.endIndex, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index..<(index + 2)], as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}

extension String {
    fileprivate var leftPadded: String { count == 1 ? "0" + self : self }
}
