import Synchronization

/// What `/metrics` shows: requests by method, route and status, and how long they took.
final class Metrics: Sendable {
    private struct Key: Hashable { var method: String; var route: String; var status: Int }
    fileprivate struct Histogram {
        var buckets = [Int](repeating: 0, count: Metrics.bounds.count + 1)
        var sum = 0.0
        var count = 0
    }
    private struct State {
        var requests: [Key: Int] = [:]
        var durations: [String: Histogram] = [:]
        /// Apart, because a tile costs hardly more than a look into the tables above.
        var tiles = Histogram()
    }
    private let state = Mutex(State())
    private let start = ContinuousClock.now

    /// Upper bounds in seconds.
    fileprivate static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    /// Anything else would let a client make up label values without end.
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    func count(method: String, route: String, status: Int, duration: Duration, times: Int = 1) {
        let seconds = Self.seconds(duration)
        let key = Key(method: Self.methods.contains(method) ? method : "other", route: route, status: status)
        state.withLock { state in
            state.requests[key, default: 0] += times
            state.durations[route, default: Histogram()].add(seconds, times: times)
        }
    }

    /// Tiles answered with 200 to requests that came in one read.
    func countTiles(_ count: Int, nanoseconds: Int64) {
        let seconds = Double(nanoseconds) / Double(count) / 1e9
        state.withLock { $0.tiles.add(seconds, times: count) }
    }

    /// Prometheus text format 0.0.4. Routes and methods are our own texts and need no escaping.
    func text(gauges: [(name: String, help: String, values: [(labels: String, value: Double)])]) -> String {
        var state = state.withLock { $0 }
        if state.tiles.count > 0 {
            state.requests[Key(method: "GET", route: TileRoutes.path, status: 200), default: 0] += state.tiles.count
            state.durations[TileRoutes.path, default: Histogram()].add(state.tiles)
        }
        var lines = ["# HELP ship_http_requests_total Requests answered.", "# TYPE ship_http_requests_total counter"]
        for (key, count) in state.requests.sorted(by: { ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status) }) {
            lines.append("ship_http_requests_total{method=\"\(key.method)\",route=\"\(key.route)\",status=\"\(key.status)\"} \(count)")
        }
        lines += ["# HELP ship_http_request_duration_seconds Time to an answer's head.", "# TYPE ship_http_request_duration_seconds histogram"]
        for (route, histogram) in state.durations.sorted(by: { $0.key < $1.key }) {
            var total = 0
            for (index, bound) in Self.bounds.enumerated() {
                total += histogram.buckets[index]
                lines.append("ship_http_request_duration_seconds_bucket{route=\"\(route)\",le=\"\(bound)\"} \(total)")
            }
            lines.append("ship_http_request_duration_seconds_bucket{route=\"\(route)\",le=\"+Inf\"} \(histogram.count)")
            lines.append("ship_http_request_duration_seconds_sum{route=\"\(route)\"} \(histogram.sum)")
            lines.append("ship_http_request_duration_seconds_count{route=\"\(route)\"} \(histogram.count)")
        }
        let uptime = (name: "ship_uptime_seconds", help: "Time since the start.", values: [(labels: "", value: Self.seconds(start.duration(to: .now)))])
        for gauge in gauges + [uptime] {
            lines += ["# HELP \(gauge.name) \(gauge.help)", "# TYPE \(gauge.name) gauge"]
            lines += gauge.values.map { "\(gauge.name)\($0.labels.isEmpty ? "" : "{\($0.labels)}") \($0.value)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}

extension Metrics.Histogram {
    fileprivate mutating func add(_ other: Self) {
        for index in buckets.indices { buckets[index] += other.buckets[index] }
        sum += other.sum
        count += other.count
    }

    fileprivate mutating func add(_ seconds: Double, times: Int) {
        buckets[Metrics.bounds.firstIndex { seconds <= $0 } ?? Metrics.bounds.count] += times
        sum += seconds * Double(times)
        count += times
    }
}
