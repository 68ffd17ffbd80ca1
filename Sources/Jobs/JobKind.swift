import Foundation
import Store

/// A kind of job: what its parameters are and what it does.
package protocol JobKind: Sendable {
    /// Stored in projects, so never renamed.
    static var type: String { get }

    /// - Throws: `JobError.badParameters` when the JSON object does not say what to do.
    init(parameters: Data) throws

    /// The parameters as the project keeps them: without anything that means this machine only.
    static func stored(_ parameters: String, in project: Project) throws -> String

    /// Does the work. Safe to run again from the start after a crash: what is finished is found finished.
    /// - Returns: JSON object for `JobRecord.result`.
    func run(_ context: JobContext) async throws -> JobOutcome
}

extension JobKind {
    package static func stored(_ parameters: String, in project: Project) throws -> String { parameters }
}

/// What came out of a job.
package struct JobOutcome: Codable, Sendable, Equatable {
    package var summary: String
    /// Items that failed, each with its reason; the rest is done.
    package var failures: [Failure] = []
    /// Files below the project folder that the job wrote.
    package var files: [String] = []
    package var counts: [String: Int] = [:]
    /// What the person should know although nothing failed.
    package var warnings: [String]? = nil
    /// Of a run: what each node did.
    package var nodes: [NodeTally]? = nil

    package struct Failure: Codable, Sendable, Equatable {
        package var name: String
        package var reason: String
        /// The image, where it is one of the project's: so that it can be tried again by itself.
        package var image: Int64?

        package init(name: String, reason: String, image: Int64? = nil) { (self.name, self.reason, self.image) = (name, reason, image) }
    }

    package init(summary: String) { self.summary = summary }
}

package enum JobError: Error, CustomStringConvertible, Equatable {
    case badParameters(type: String, reason: String)
    case unknownType(String, known: [String])
    case failed(String)

    package var description: String {
        switch self {
        case .badParameters(let type, let reason): "the parameters of a \(type) job are wrong: \(reason)"
        case .unknownType(let type, let known): "there is no job type \"\(type)\"; known are \(known.joined(separator: ", "))"
        case .failed(let sentence): sentence
        }
    }
}
