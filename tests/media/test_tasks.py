"""Tasks have owners."""

import asyncio

from media.tasks import TaskOwner


def test_closing_an_owner_whose_tasks_have_just_ended_returns():
    """Done tasks leave the list a turn of the loop later; waiting for them must not spin."""

    async def main() -> int:
        owner = TaskOwner(lambda error: None)
        task = owner.start(asyncio.sleep(0), "short")
        # both ready at once: the task ends, and the owner is closed before its callback ran
        await asyncio.wait([task])
        owner._tasks.append(task)
        task.add_done_callback(owner._tasks.remove)
        await owner.aclose()
        return 1

    assert asyncio.run(main()) == 1
