import ArgumentParser
import Server
@main struct Ship: ParsableCommand { func run() { print("ship") } }
