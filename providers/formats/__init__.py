"""What was said in a call, as each kind of service wants to be told it: plain data, no SDK.

A module for each has one function, `payload(instructions, history)`, from the instructions and a
`ReplyRequest.history` (or `Context.plain()`) to the part of the request's body that holds them.
None of them tells a service what the program or a document says as if the caller had said it, and
a tool's result always stands behind its call.
"""
