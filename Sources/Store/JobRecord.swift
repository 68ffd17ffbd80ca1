import Foundation

package enum JobState: String, Sendable, Codable, CaseIterable {
    case queued, running, paused, done, failed, cancelled
    package var isFinished: Bool { self == .done || self == .failed || self == .cancelled }
}

package struct JobRecord: Sendable, Equatable {
    package var id: Int64
    package var type: String
    /// JSON object.
    package var parameters: String
    package var state: JobState
    package var done: Int
    package var total: Int
    package var message: String
    /// 1 at the first start; grows when a crash interrupted it.
    package var attempt: Int
    package var cancelRequested: Bool
    /// Of a running job: it stops after the images it is working on.
    package var pauseRequested = false
    package var createdAt: Date
    package var startedAt: Date?
    package var finishedAt: Date?
    /// Sentence for state `failed`.
    package var error: String?
    /// JSON, for state `done`.
    package var result: String?
    /// Where the job can go on after a crash: anything its worker wrote by `setJobCheckpoint`.
    package var checkpoint: String?
    package var by: String
}

package struct JobLogLine: Sendable, Equatable {
    package var at: Date
    package var line: String
}
