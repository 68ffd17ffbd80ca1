import HTTPTypes
import Synchronization

/// Decides from the head of a request alone whether it may come in at all. Defends against DNS rebinding (a foreign name that
/// points at this machine), against requests that another web page makes in the user's browser, and against smuggled targets.
final class Gate: Sendable {
    private struct Names { var hosts: Set<String> = []; var origins: Set<String> = [] }
    private let names = Mutex(Names())

    /// Sets the exact names under which the server answers; called once the port is known.
    func allow(hosts: [String], port: Int) {
        let own = ["localhost:\(port)", "127.0.0.1:\(port)", "[::1]:\(port)"]
        // A browser leaves the port out when it is 80.
        let all = own + (port == 80 ? ["localhost", "127.0.0.1", "[::1]"] : []) + hosts
        names.withLock { $0 = Names(hosts: Set(all), origins: Set(all.map { "http://\($0)" })) }
    }

    enum Caller {
        /// A browser said by Sec-Fetch-Site or Origin that one of our own pages (or the user directly) asks.
        case ownPage
        /// Neither header: no browser of today; needs a secret that a web page cannot send.
        case script
    }

    /// What of a request's head tells where it comes from.
    struct Source {
        var host: String?
        var isHostRepeated: Bool
        /// Values of all Origin fields, and of all Sec-Fetch-Site fields.
        var origins: [String]
        var sites: [String]
        /// A person opens the start page, perhaps by a link elsewhere.
        var isLanding: Bool
    }

    /// - Parameter isLanding: the target is the start page, which a link elsewhere may open.
    /// - Throws: `request.malformed`, `host.notAllowed`, `origin.notAllowed`.
    func check(_ head: HTTPRequest, isLanding: Bool) throws(Problem) -> Caller {
        let fields = head.headerFields
        return try check(
            Source(
                // The first Host field became `authority`; a second one would stay among the fields.
                host: head.authority, isHostRepeated: !fields[values: .host].isEmpty, origins: fields[values: .origin],
                sites: fields[values: .secFetchSite],
                isLanding: isLanding && head.method == .get && fields[.secFetchMode] == "navigate" && fields[.secFetchDest] == "document"))
    }

    func check(_ source: Source) throws(Problem) -> Caller {
        let names = names.withLock { $0 }
        guard !source.isHostRepeated else {
            throw Problem(.requestMalformed, "the request names its host twice; send one Host header")
        }
        guard let host = source.host, names.hosts.contains(host) else {
            let allowed = names.hosts.sorted().joined(separator: ", ")
            throw Problem(.hostNotAllowed, "this server answers only as \(allowed); open it under one of these, or start it with --allow-host")
        }
        guard source.origins.allSatisfy({ names.origins.contains($0) }), source.origins.count <= 1 else {
            throw Problem(.originNotAllowed, "another web page asked for this; use ship's own page, or a script with its bearer token")
        }
        guard !source.sites.isEmpty else { return source.origins.isEmpty ? .script : .ownPage }
        if source.sites == ["same-origin"] || source.sites == ["none"] { return .ownPage }
        if source.isLanding, source.sites == ["cross-site"] || source.sites == ["same-site"] { return .ownPage }
        throw Problem(.originNotAllowed, "another web page asked for this; use ship's own page, or a script with its bearer token")
    }
}

extension HTTPField.Name {
    static let host = Self("Host")!
    static let secFetchSite = Self("Sec-Fetch-Site")!
    static let secFetchMode = Self("Sec-Fetch-Mode")!
    static let secFetchDest = Self("Sec-Fetch-Dest")!
    static let expectContinue = Self("Expect")!
    static let lastEventID = Self("Last-Event-ID")!
}
