import HTTPTypes

/// Finds the route of a request.
struct RouteTable: Sendable {
    private enum Segment: Sendable {
        case literal(String)
        case parameter(name: String, suffix: String)

        init(_ text: Substring) {
            guard text.hasPrefix("{"), let end = text.firstIndex(of: "}") else {
                self = .literal(String(text))
                return
            }
            self = .parameter(name: String(text[text.index(after: text.startIndex)..<end]), suffix: String(text[text.index(after: end)...]))
        }
    }

    private struct Entry: Sendable {
        var pattern: [Segment]
        var route: Route
        /// Literal segments win over parameters, those with an ending over those without; the leftmost decides.
        var rank: String {
            pattern.map { segment in
                switch segment {
                case .literal: "0"
                case .parameter(_, let suffix): suffix.isEmpty ? "2" : "1"
                }
            }.joined()
        }
    }

    let routes: [Route]
    /// By number of segments, the best match first.
    private let entries: [Int: [Entry]]

    init(_ routes: [Route]) {
        self.routes = routes
        let all = routes.map { Entry(pattern: $0.path.split(separator: "/").map(Segment.init), route: $0) }
        entries = Dictionary(grouping: all, by: \.pattern.count).mapValues { $0.sorted { $0.rank < $1.rank } }
    }

    enum Match {
        case route(Route, parameters: [String: String])
        /// The address is known, but not with this method; sorted.
        case otherMethods([String])
        case nothing
    }

    func match(_ method: HTTPRequest.Method, _ segments: [String]) -> Match {
        var methods: Set<String> = []
        for entry in entries[segments.count] ?? [] {
            guard let parameters = Self.parameters(entry.pattern, segments) else { continue }
            // A HEAD is answered by the GET route without its body.
            if entry.route.method == method || (method == .head && entry.route.method == .get && !hasHead(entry)) {
                return .route(entry.route, parameters: parameters)
            }
            methods.insert(entry.route.method.rawValue)
            if entry.route.method == .get { methods.insert("HEAD") }
        }
        return methods.isEmpty ? .nothing : .otherMethods(methods.sorted())
    }

    private func hasHead(_ entry: Entry) -> Bool {
        entries[entry.pattern.count]?.contains { $0.route.path == entry.route.path && $0.route.method == .head } ?? false
    }

    private static func parameters(_ pattern: [Segment], _ segments: [String]) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (expected, segment) in zip(pattern, segments) {
            switch expected {
            case .literal(let text): guard segment == text else { return nil }
            case .parameter(let name, let suffix):
                guard segment.utf8.count > suffix.utf8.count, segment.hasSuffix(suffix) else { return nil }
                parameters[name] = String(segment.dropLast(suffix.count))
            }
        }
        return parameters
    }
}
