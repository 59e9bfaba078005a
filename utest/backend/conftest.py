"""What the backend's tests share."""

from hypothesis import HealthCheck, settings

# Whether a result is right does not depend on how busy the machine is; what must be quick is measured by
# tests of its own, in their thread's time.
settings.register_profile("backend", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("backend")
